// What actions/download-artifact does for the inputs that benchgov uses.
const path = require('node:path')
const { DefaultArtifactClient } = require(path.join(process.env.BENCHGOV_E2E_MODULES, '@actions/artifact'))

async function all(client, pattern) {
  const quoted = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '[^/]*')
  const { artifacts } = await client.listArtifacts()
  for (const artifact of artifacts.filter((one) => new RegExp(`^${quoted}$`).test(one.name))) {
    await client.downloadArtifact(artifact.id, { path: path.join(process.env.INPUT_PATH, artifact.name) })
    console.log(`downloaded ${artifact.name}`)
  }
}

async function main() {
  const client = new DefaultArtifactClient()
  if (process.env.INPUT_PATTERN) return all(client, process.env.INPUT_PATTERN)
  const { artifact } = await client.getArtifact(process.env.INPUT_NAME)
  await client.downloadArtifact(artifact.id, { path: process.env.INPUT_PATH })
  console.log(`downloaded ${process.env.INPUT_NAME}`)
}

main().catch((error) => {
  console.log(`::error::${error.message}`)
  process.exit(1)
})
