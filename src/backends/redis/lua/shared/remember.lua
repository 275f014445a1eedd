-- Keeps the reply of a call for a repeat, for a day, and forgets those that the client has had: what is below its floor. In straight
-- lines, since a function takes long to make. needs: clock. Reads: kept_calls, which must be set, client, number, floor, reply.
local lowest, newest, open = floor, number, ''
if kept_calls and (floor ~= number or sub(kept_calls, 17, 32) > number) then
  local highest, last = sub(kept_calls, 1, 16), sub(kept_calls, 17, 32)
  if highest > floor then lowest = highest end
  if last > number then newest = last end
  local at = last >= lowest and 33 or #kept_calls + 1
  while at <= #kept_calls do
    local of, _, after = string.match(kept_calls, '^(%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d)([^\n]*)\n()', at)
    if of >= lowest then open = open .. sub(kept_calls, at, after - 1) end
    at = after
  end
end
call('SET', CALLS_PREFIX .. client, lowest .. newest .. open .. number .. reply .. '\n', 'PX', '86400000')
