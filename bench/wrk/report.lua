-- Writes what wrk measured as one JSON object to the file that WRK_RESULT names.
-- wrk calls the returned function as `done`, with latencies and the duration in microseconds.

return function(summary, latency)
  local path = os.getenv("WRK_RESULT")
  if not path then
    return
  end

  local seconds = summary.duration / 1e6
  local errors = summary.errors
  local file = assert(io.open(path, "w"))
  file:write(string.format(
    '{"requests": %d, "seconds": %.3f, "requests_per_second": %.2f, '
      .. '"latency_ms": {"p50": %.3f, "p90": %.3f, "p99": %.3f, "p99.9": %.3f, "max": %.3f}, '
      .. '"non_2xx": %d, "socket_errors": %d, "timeouts": %d}\n',
    summary.requests, seconds, summary.requests / seconds,
    latency:percentile(50) / 1e3, latency:percentile(90) / 1e3, latency:percentile(99) / 1e3,
    latency:percentile(99.9) / 1e3, latency.max / 1e3,
    errors.status, errors.connect + errors.read + errors.write, errors.timeout))
  file:close()
end
