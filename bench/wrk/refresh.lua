-- Rotates refresh tokens without pause, with a separate chain for each session (see sessions.lua).
--
--   wrk -s refresh.lua URL -- FILE THREADS
--
-- FILE holds a refresh token a line: at least one for each connection and one more for each thread, because wrk
-- asks for one request before it starts and never sends it. THREADS is what -t says.

done = require("report")

local threads = 0

function setup(thread)
  thread:set("index", threads)
  threads = threads + 1
end

function init(args)
  sessions = require("sessions").of(args[1], index, tonumber(args[2]))
end

function request()
  return sessions:rotation()
end

function response(_, _, body)
  sessions:answered(body)
end
