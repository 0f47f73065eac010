// Ask for each URL of the command line with fetch, as the environment says.
// A Node that does not read NODE_USE_ENV_PROXY is run with --expose-internals: it gets the EnvHttpProxyAgent of the undici
// that is built into it, which is what such a Node's user has to give fetch.
'use strict'

let dispatcher
if (process.execArgv.includes('--expose-internals')) {
  const { EnvHttpProxyAgent } = require('internal/deps/undici/undici')
  dispatcher = new EnvHttpProxyAgent()
}

async function main () {
  for (const url of process.argv.slice(2)) {
    try {
      console.log(url, (await fetch(url, { dispatcher, signal: AbortSignal.timeout(5000) })).status)
    } catch (error) {
      console.log(url, error.cause?.message ?? error.message)
    }
  }
}

main()
