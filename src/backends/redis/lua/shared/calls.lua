-- Calls that are repeated. needs: clock. Their numbers have 16 digits each, so that they compare as text. What is kept of a client's
-- calls is one text, since there is mostly one of them: the highest floor that it has told, and its newest call; then for each call that
-- it may repeat its number, the reply, which must have no line feed, and one.
local kept_calls

-- A call that was repeated (its reply was lost) finds the reply of the first under its number, and must change nothing.
-- One that comes after its client is done with it must change nothing either: a network may deliver what was sent over a
-- connection that its client has given up, when the reply of the repeat was had long ago and its record is gone.
local function earlier_reply(client, number)
  kept_calls = call('GET', CALLS_PREFIX .. client)
  if not kept_calls or number > sub(kept_calls, 17, 32) then return nil end
  local at = 33
  while at <= #kept_calls do
    local of, reply, after = string.match(kept_calls, '^(%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d)([^\n]*)\n()', at)
    if of == number then return reply end
    at = after
  end
  if number < sub(kept_calls, 1, 16) then error(redis.error_reply('LATECALL the client is done with this call')) end
  return nil
end

-- What earlier_reply gives a repeat.
local function keep_reply(client, number, floor, reply)
  --@inline remember
end
