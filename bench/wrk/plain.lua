-- Sends one GET over and over, without Lua for each request.

done = require("report")
