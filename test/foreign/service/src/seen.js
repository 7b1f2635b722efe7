const { appendFileSync, readFileSync } = require("node:fs");

const file = process.env.SEEN_FILE;

exports.remember = (line) => appendFileSync(file, `${line}\n`);
exports.remembered = (start) =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith(start)).length;
