-- Reads a file of requests, one a line: METHOD, path, bearer token, content type and body, with a tab between
-- them; what is empty is left out. Returns them as the bytes that go over the wire, so that sending one later
-- costs the client nothing but the copy.

return function(path)
  local requests = {}
  for line in io.lines(path) do
    local method, target, token, content_type, body =
      line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)$")
    assert(method, "not a request: " .. line)

    local headers = {}
    if token ~= "" then headers["Authorization"] = "Bearer " .. token end
    if content_type ~= "" then headers["Content-Type"] = content_type end
    requests[#requests + 1] = wrk.format(method, target, headers, body ~= "" and body or nil)
  end
  assert(#requests > 0, "no requests in " .. path)
  return requests
end
