-- Calls that are repeated. needs: clock.

-- A call that was repeated (its reply was lost) finds the reply of the first under its number, and must change nothing.
-- One that comes after its client is done with it must change nothing either: a network may deliver what was sent over a
-- connection that its client has given up, when the reply of the repeat was had long ago and its record is gone. The newest
-- call on record tells: its floor is the highest.
local function earlier_reply(client, number)
  local found = call('ZRANGE', calls_key(client), number, number, 'BYSCORE')[1]
  if found then return string.match(found, '^%d+:%d+:(.*)$') end
  local newest = call('ZRANGE', calls_key(client), -1, -1)[1]
  local floor = newest and tonumber(string.match(newest, '^%d+:(%d+):'))
  if floor and tonumber(number) < floor then error(redis.error_reply('LATECALL the client is done with this call')) end
  return nil
end

-- Keeps a reply for a repeat, and forgets those that the client has had: what is below its floor.
local DAY = 86400000
local function keep_reply(client, number, floor, reply)
  local key = calls_key(client)
  call('ZREMRANGEBYSCORE', key, '-inf', '(' .. floor)
  call('ZADD', key, number, number .. ':' .. floor .. ':' .. reply)
  call('PEXPIRE', key, DAY)
end
