-- Calls that are repeated. needs: clock. Their numbers have 16 digits each, so that they compare as text. What is kept of a client's
-- calls is one text, since there is mostly one of them: the highest floor that it has told, and its newest call; then for each call that
-- it may repeat its number, the length of the reply, a colon, and the reply.
local kept_calls
local KEPT = '^(%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d)(%d+):()'

-- A call that was repeated (its reply was lost) finds the reply of the first under its number, and must change nothing.
-- One that comes after its client is done with it must change nothing either: a network may deliver what was sent over a
-- connection that its client has given up, when the reply of the repeat was had long ago and its record is gone.
local function earlier_reply(client, number)
  kept_calls = call('GET', CALLS_PREFIX .. client)
  if not kept_calls or number > sub(kept_calls, 17, 32) then return nil end
  local at = 33
  while at <= #kept_calls do
    local of, length, from = match(kept_calls, KEPT, at)
    at = from + length
    if of == number then return sub(kept_calls, from, at - 1) end
  end
  if number < sub(kept_calls, 1, 16) then error(redis.error_reply('LATECALL the client is done with this call')) end
  return nil
end

-- Keeps a reply for a repeat, for a day, and forgets those that the client has had: what is below its floor. kept_calls must be set.
local function keep_reply(client, number, floor, reply)
  local newest, open = number, ''
  if kept_calls then
    local highest, last = sub(kept_calls, 1, 16), sub(kept_calls, 17, 32)
    if highest > floor then floor = highest end
    if last > number then newest = last end
    local at = last >= floor and 33 or #kept_calls + 1
    while at <= #kept_calls do
      local of, length, from = match(kept_calls, KEPT, at)
      if of >= floor then open = open .. sub(kept_calls, at, from + length - 1) end
      at = from + length
    end
  end
  local record = floor .. newest .. open .. number .. text(#reply) .. ':' .. reply
  call('SET', CALLS_PREFIX .. client, record, 'PX', '86400000')
end
