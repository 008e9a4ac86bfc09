import { matMulRate } from './measure'
matMulRate().then((rate) => console.log(rate))
