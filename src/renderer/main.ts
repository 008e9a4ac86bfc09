import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { z } from 'zod'
// First, so that components can go beyond it.
import './styles/base.css'
import App from './App.vue'
import './components/ui/echarts'

// The window's policy forbids compiling code at run time, which zod would otherwise try.
z.config({ jitless: true })

createApp(App).use(createPinia()).mount('#app')
