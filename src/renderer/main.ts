import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { z } from 'zod'
import App from './App.vue'
import './components/ui/echarts'
import './styles/base.css'

// The window's policy forbids compiling code at run time, which zod would otherwise try.
z.config({ jitless: true })

createApp(App).use(createPinia()).mount('#app')
