-- Calls that are repeated. needs: clock. Their numbers have 16 digits each, so that they compare as text. What is kept of a client's
-- calls is one text, since there is mostly one of them: the highest floor that it has told, and its newest call; then for each call that
-- it may repeat its number, the length of the reply, a colon, and the reply.
local kept_calls

-- Where the first of the kept replies is, or the one behind another: number, from, to.
local function kept_at(at)
  local of, length, from = match(kept_calls, '^(%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d)(%d+):()', at)
  return of, from, from + length - 1
end

-- A call that was repeated (its reply was lost) finds the reply of the first under its number, and must change nothing.
-- One that comes after its client is done with it must change nothing either: a network may deliver what was sent over a
-- connection that its client has given up, when the reply of the repeat was had long ago and its record is gone.
local function earlier_reply(client, number)
  kept_calls = call('GET', calls_key(client))
  if not kept_calls or number > sub(kept_calls, 17, 32) then return nil end
  local at = 33
  while at <= #kept_calls do
    local of, from, to = kept_at(at)
    if of == number then return sub(kept_calls, from, to) end
    at = to + 1
  end
  if number < sub(kept_calls, 1, 16) then error(redis.error_reply('LATECALL the client is done with this call')) end
  return nil
end

-- The kept replies from the floor on.
local function still_open(floor)
  local open, at = {}, 33
  while at <= #kept_calls do
    local of, _, to = kept_at(at)
    if of >= floor then open[#open + 1] = sub(kept_calls, at, to) end
    at = to + 1
  end
  return table.concat(open)
end

-- Keeps a reply for a repeat, for a day, and forgets those that the client has had: what is below its floor.
local function keep_reply(client, number, floor, reply)
  local newest, open = number, ''
  if kept_calls then
    local highest, last = sub(kept_calls, 1, 16), sub(kept_calls, 17, 32)
    if highest > floor then floor = highest end
    if last > number then newest = last end
    if last >= floor then open = still_open(floor) end
  end
  call('SET', calls_key(client), floor .. newest .. open .. number .. #reply .. ':' .. reply, 'PX', '86400000')
end
