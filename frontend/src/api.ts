/** Requests to the server, with its reasons as errors. */

export class ReplyError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly body: unknown,
  ) {
    super(message);
  }
}

async function reply(response: Response): Promise<Response> {
  if (response.ok) return response;
  const text = await response.text();
  let body: unknown = null;
  let message = text || response.statusText;
  try {
    body = JSON.parse(text);
    if (body !== null && typeof body === "object" && "error" in body) message = String(body.error);
  } catch {
    // plain text is the message itself
  }
  throw new ReplyError(response.status, message, body);
}

export async function getJson<T>(url: string): Promise<T> {
  return (await (await reply(await fetch(url))).json()) as T;
}

export async function sendJson<T>(url: string, value: unknown, method = "POST"): Promise<T> {
  const options = { method, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
  return (await (await reply(await fetch(url, options))).json()) as T;
}

export async function getBytes(url: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await reply(await fetch(url))).arrayBuffer());
}

/** Save a file that the server makes; returns what its format could not hold. */
export async function saveFile(url: string): Promise<string> {
  const response = await reply(await fetch(url));
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "export";
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  return response.headers.get("x-spotkick-lost") ?? "";
}
