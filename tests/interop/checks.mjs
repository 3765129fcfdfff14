// How a script says what it checked: a line for each check, `ok` or `FAILED`, which run.py counts.

export const url = process.env.SEKISHO_URL;
export const algorithm = process.env.SEKISHO_INTEROP_ALGORITHM;
export const audience = process.env.SEKISHO_INTEROP_AUDIENCE;
export const secret = process.env.SEKISHO_INTEROP_SECRET;
export const [username, password] = ["alice", "correct horse battery"];

export async function check(name, what) {
  try {
    await what();
    console.log(`ok ${name}`);
  } catch (error) {
    console.error(error);
    console.log(`FAILED ${name}: ${String(error).replace(/\s+/g, " ")}`);
  }
}
