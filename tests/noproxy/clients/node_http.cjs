// Ask for each URL of the command line with node:http and node:https, as the environment says.
'use strict'

const clients = { 'http:': require('node:http'), 'https:': require('node:https') }

function get (url) {
  return new Promise((resolve) => {
    const request = clients[new URL(url).protocol].get(url, { timeout: 5000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    request.on('timeout', () => request.destroy(new Error('timed out')))
    request.on('error', (error) => resolve(error.message))
  })
}

async function main () {
  for (const url of process.argv.slice(2)) {
    console.log(url, await get(url))
  }
}

main()
