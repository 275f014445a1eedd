-- The clock, read once, and what every script needs.
local call = redis.call
local sub, find, byte, format = string.sub, string.find, string.byte, string.format

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Whole numbers as text: tostring would write large ones as 1e+15.
local function text(number)
  return format('%.0f', number)
end

-- Transitions of jobs that the caller did not name, flat: event, id, queue, detail.
local moves = {}
