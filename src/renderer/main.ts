import { createApp, h } from 'vue'
import { processState } from './bridge'

createApp({ render: () => h('pre', JSON.stringify(processState, null, 2)) }).mount('#app')
