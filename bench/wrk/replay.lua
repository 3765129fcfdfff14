-- Sends the requests of a file (see requests.lua) in turn, over and over; each thread begins at another one.
--
--   wrk -s replay.lua URL -- FILE [PAUSE]
--
-- PAUSE is how many milliseconds a connection rests between an answer and its next request; without it, none.

local requests_of = require("requests")
done = require("report")

local threads = 0

function setup(thread)
  thread:set("first", threads)
  threads = threads + 1
end

function init(args)
  requests = requests_of(args[1])
  at = first * 7

  local pause = tonumber(args[2] or "")
  if pause then
    delay = function() return pause end
  end
end

function request()
  at = at + 1
  return requests[at % #requests + 1]
end
