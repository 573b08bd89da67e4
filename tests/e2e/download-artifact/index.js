// What actions/download-artifact does for the inputs that benchgov uses.
const path = require('node:path')
const { DefaultArtifactClient } = require(path.join(process.env.BENCHGOV_E2E_MODULES, '@actions/artifact'))

async function main() {
  const client = new DefaultArtifactClient()
  const { artifact } = await client.getArtifact(process.env.INPUT_NAME)
  await client.downloadArtifact(artifact.id, { path: process.env.INPUT_PATH })
  console.log(`downloaded ${process.env.INPUT_NAME}`)
}

main().catch((error) => {
  console.log(`::error::${error.message}`)
  process.exit(1)
})
