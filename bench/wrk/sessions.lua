-- The refresh tokens of a thread: a queue of sessions that no other thread uses. A request takes the session at the
-- head; the answer's new refresh token goes to the tail. So each token is sent once, whichever of the thread's
-- connections carries it, and each session is a chain of rotations.

local Sessions = {}
Sessions.__index = Sessions

-- Thread `index` of `threads` takes every `threads`-th line of the file.
function Sessions.of(path, index, threads)
  local sessions = setmetatable({ head = 1, tail = 0, heads = {} }, Sessions)
  local number = 0
  for token in io.lines(path) do
    if number % threads == index then sessions:put(token) end
    number = number + 1
  end
  return sessions
end

function Sessions:put(token)
  self.tail = self.tail + 1
  self[self.tail] = token
end

-- The request that rotates the next session. When every session of the thread was lost to failed requests, it
-- sends a token that the server must refuse, so that the loss shows as non-2xx answers and not as silence.
function Sessions:rotation()
  local token = "exhausted"
  if self.head <= self.tail then
    token = self[self.head]
    self[self.head] = nil
    self.head = self.head + 1
  end
  local head = self.heads[#token] or self:head_for(token)
  return head .. token
end

-- A request up to its token, for tokens of this length: formatting one anew costs more than sending it.
function Sessions:head_for(token)
  local whole = wrk.format("POST", "/token", self.headers, "grant_type=refresh_token&refresh_token=" .. token)
  local head = whole:sub(1, -#token - 1)
  self.heads[#token] = head
  return head
end

-- Keeps the successor, where `body` answers a rotation; other bodies hold none.
function Sessions:answered(body)
  local _, before = body:find('"refresh_token":"', 1, true)
  if before then self:put(body:sub(before + 1, body:find('"', before + 1, true) - 1)) end
end

Sessions.headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }

return Sessions
