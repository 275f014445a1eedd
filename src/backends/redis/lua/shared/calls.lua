-- Calls that are repeated. needs: clock. What is kept of a client's calls is one text, since there is mostly one of them: the highest
-- floor that it has told, its newest call, and a line feed; then for each call that it may repeat its number, the length of the
-- reply, and the reply, with colons between.
local kept_calls

-- A call that was repeated (its reply was lost) finds the reply of the first under its number, and must change nothing.
-- One that comes after its client is done with it must change nothing either: a network may deliver what was sent over a
-- connection that its client has given up, when the reply of the repeat was had long ago and its record is gone.
local function earlier_reply(client, number)
  kept_calls = call('GET', calls_key(client))
  if not kept_calls then return nil end
  local floor, newest, at = match(kept_calls, '^(%d+) (%d+)\n()')
  number = tonumber(number)
  if number > tonumber(newest) then return nil end
  while at <= #kept_calls do
    local of, length, from = match(kept_calls, '^(%d+):(%d+):()', at)
    if tonumber(of) == number then return sub(kept_calls, from, from + length - 1) end
    at = from + length
  end
  if number < tonumber(floor) then error(redis.error_reply('LATECALL the client is done with this call')) end
  return nil
end

-- The kept replies from the floor on.
local function still_open(at, floor)
  local open = {}
  while at <= #kept_calls do
    local of, length, from = match(kept_calls, '^(%d+):(%d+):()', at)
    if tonumber(of) >= floor then open[#open + 1] = sub(kept_calls, at, from + length - 1) end
    at = from + length
  end
  return table.concat(open)
end

-- Keeps a reply for a repeat, for a day, and forgets those that the client has had: what is below its floor.
local function keep_reply(client, number, floor, reply)
  local newest, open = number, ''
  if kept_calls then
    local highest, last, at = match(kept_calls, '^(%d+) (%d+)\n()')
    if tonumber(highest) > tonumber(floor) then floor = highest end
    if tonumber(last) > tonumber(number) then newest = last end
    if tonumber(last) >= tonumber(floor) then open = still_open(at, tonumber(floor)) end
  end
  local entry = number .. ':' .. #reply .. ':' .. reply
  call('SET', calls_key(client), floor .. ' ' .. newest .. '\n' .. open .. entry, 'PX', '86400000')
end
