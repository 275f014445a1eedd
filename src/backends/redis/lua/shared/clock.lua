-- The clock, read once, and what every script needs.
local call, sub = redis.call, string.sub

-- Since the epoch, in microseconds and in milliseconds: as texts, since most of what is in a hurry only writes them down, and to make a
-- text of a number takes longer than a command.
local time = call('TIME')
local micros = time[1] .. (#time[2] == 6 and time[2] or sub('00000' .. time[2], -6))
local millis = sub(micros, 1, -4)
