-- What every script has, but for its common case: the clock, and what it reports at its end.
--@include clock

local now = tonumber(millis)
local find, match, byte, format = string.find, string.match, string.byte, string.format

-- Whole numbers as text: tostring would write large ones as 1e+15, and to write them as fractions takes ten times as long.
local function text(number)
  return format('%d', number)
end

-- Transitions of jobs that the caller did not name, flat: event, id, queue, detail.
local moves = {}

-- Calls `command key …values` with few enough values for unpack, which fails near 8,000.
local function in_chunks(command, key, values)
  for first = 1, #values, 1000 do
    call(command, key, unpack(values, first, math.min(first + 999, #values)))
  end
end

-- When a job is due: 'in MS' from now, or 'at INSTANT'.
local function instant_of(due)
  return tonumber(sub(due, 4)) + (sub(due, 1, 2) == 'in' and now or 0)
end

-- Tells of a transition.
local function move(event, id, queue, detail)
  local at = #moves
  moves[at + 1], moves[at + 2], moves[at + 3], moves[at + 4] = event, id, queue, detail or ''
end

-- Queues that got a job in this script.
local arrived = {}

-- An instant as a zset or a string keeps it, to the last digit.
local function exact(instant)
  return format('%.17g', instant)
end

local function first_in(key)
  return tonumber(call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or math.huge)
end

-- When whoever leads had to look first as this script began; nil while that is not known.
local first_due
local is_due_sooner = false
-- There is something else for whoever leads, now.
local is_leader_called = false

local function note_due(instant)
  if not first_due then first_due = math.min(first_in(SCHEDULED), first_in(TIMERS)) end
  if instant < first_due then first_due, is_due_sooner = instant, true end
end

-- Calls the one who waits for a token in this list to check in. One token is enough.
local function call_by(key)
  if call('EXISTS', key) == 0 then call('RPUSH', key, '1') end
end

-- Puts a job off, and notes where it is due before all others.
local function schedule(id, instant)
  note_due(instant)
  call('ZADD', SCHEDULED, instant, id)
end

-- The next place of a rate comes free at an instant.
local function set_timer(key, instant)
  if instant == math.huge then return end
  note_due(instant)
  call('ZADD', TIMERS, exact(instant), key)
end

-- Leaves a token for one claimer in each queue that got a job. One is enough: who claims and leaves jobs behind leaves the
-- next token, so claimers are woken one after another and never as a herd. And one for whoever leads, where there is something for
-- him to do before all that he knows of.
local function wake_claimers()
  for queue in pairs(arrived) do
    call_by(wake_key(queue))
  end
  if is_due_sooner or is_leader_called then call_by(DUE_SOONER) end
end

--@include calls
