const crypto = require("crypto");
const fs = require("fs");
const path = require("path");

const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] || "";
const file = input("subject-path");
const name = file ? path.basename(file) : input("subject-name");
const digest = file
  ? crypto.createHash("sha256").update(fs.readFileSync(file)).digest("hex")
  : input("subject-digest").replace("sha256:", "");
const predicate = input("predicate-path");
const statement = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name, digest: { sha256: digest } }],
  predicateType: input("predicate-type") || "https://slsa.dev/provenance/v1",
  predicate: predicate ? JSON.parse(fs.readFileSync(predicate, "utf8")) : {},
};
const payload = Buffer.from(JSON.stringify(statement)).toString("base64");
const bundle = path.join(process.env.RUNNER_TEMP, `bundle-${digest.slice(0, 12)}.json`);
fs.writeFileSync(bundle, JSON.stringify({ dsseEnvelope: { payload, signatures: [] } }));
fs.appendFileSync(process.env.GITHUB_OUTPUT, `bundle-path=${bundle}\n`);
