// What actions/upload-artifact does for the inputs that benchgov uses.
const fs = require('node:fs')
const path = require('node:path')
const { DefaultArtifactClient } = require(path.join(process.env.BENCHGOV_E2E_MODULES, '@actions/artifact'))

const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] || '').trim()

function filesBelow(entry, hidden) {
  if (!fs.existsSync(entry)) return []
  if (!hidden && entry.split(path.sep).some((part) => part.length > 1 && part.startsWith('.'))) return []
  if (!fs.statSync(entry).isDirectory()) return [path.resolve(entry)]
  return fs.readdirSync(entry).flatMap((name) => filesBelow(path.join(entry, name), hidden))
}

function commonFolder(folders) {
  const parts = folders.map((folder) => path.resolve(folder).split(path.sep))
  let count = 0
  while (parts.every((one) => one.length > count && one[count] === parts[0][count])) count += 1
  return parts[0].slice(0, count).join(path.sep) || path.sep
}

async function main() {
  const paths = input('path').split('\n').map((line) => line.trim()).filter(Boolean)
  const hidden = input('include-hidden-files') === 'true'
  const files = paths.flatMap((entry) => filesBelow(entry, hidden))
  if (files.length === 0) throw new Error(`no files found at ${paths.join(', ')}`)
  // One file alone is named by itself; several, or folders, by what they have in common.
  const alone = paths.filter((entry) => fs.existsSync(entry))
  const single = alone.length === 1 && !fs.statSync(alone[0]).isDirectory()
  const root = single ? path.dirname(path.resolve(alone[0])) : commonFolder(paths)
  const result = await new DefaultArtifactClient().uploadArtifact(input('name'), files, root)
  console.log(`uploaded ${files.length} files as ${input('name')}, id ${result.id}`)
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_OUTPUT } = process.env
  const run = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`
  fs.appendFileSync(GITHUB_OUTPUT, `artifact-url=${run}/artifacts/${result.id}\n`)
}

main().catch((error) => {
  console.log(`::error::${error.message}`)
  process.exit(1)
})
