-- The clock, read once, and what every script needs.
local call = redis.call
local sub, find, match, byte, format = string.sub, string.find, string.match, string.byte, string.format

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Whole numbers as text: tostring would write large ones as 1e+15, and to write them as fractions takes ten times as long.
local function text(number)
  return format('%d', number)
end
