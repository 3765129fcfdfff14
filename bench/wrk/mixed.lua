-- Nine requests of a file (see requests.lua) to one rotation of a refresh token (see refresh.lua).
--
--   wrk -s mixed.lua URL -- REQUESTS TOKENS THREADS

done = require("report")

local threads = 0

function setup(thread)
  thread:set("index", threads)
  threads = threads + 1
end

function init(args)
  requests = require("requests")(args[1])
  sessions = require("sessions").of(args[2], index, tonumber(args[3]))
  at = index * 7
end

function request()
  at = at + 1
  if at % 10 == 0 then return sessions:rotation() end
  return requests[at % #requests + 1]
end

function response(_, _, body)
  sessions:answered(body)
end
