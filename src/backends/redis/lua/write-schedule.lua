#!lua
-- write-schedule: writes a recurring schedule if it still is as its writer found it, and enqueues a job with it.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 name, 5 the version that it must have ('' where there must be none), 6 when it is
--       due ('' never), 7 its text, 8 how long a grant is kept (ms), 9 what is unique of the job, as enqueue has it, then perhaps a
--       job as enqueue has it
-- Returns { the version from now on, a space, and what became of the job, as enqueue tells it, '' without a job; '' where nothing
--         was done, { event, id, queue, detail, … } }
-- Atomic since of several that fire the same tick one must do it, and no crash may come between the tick and its job.
--@include start
--@include append

local client, number, floor = ARGV[1], ARGV[2], ARGV[3]
local name, replaces, due, words = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local earlier = earlier_reply(client, number)
if earlier then return { earlier, moves } end

local grant_timeout, uniques_given = tonumber(ARGV[8]), ARGV[9]
--@include uniques

local function write()
  local found = call('HGET', SCHEDULES, name)
  local current = found and string.match(found, '^%d+') or ''
  if current ~= replaces then return '' end
  -- Not drawn from the sequence: a server that lost its newest writes would give the same one again, to another state.
  local version = math.max(tonumber(micros), (tonumber(current) or 0) + 1)
  call('HSET', SCHEDULES, name, text(version) .. ' ' .. due .. '\n' .. words)
  call('ZADD', SCHEDULE_NAMES, 0, name)
  if due == '' then
    call('ZREM', SCHEDULES_DUE, name)
  else
    -- Those that are due and wait are known to whoever leads: only what comes after them counts.
    local next = call('ZRANGE', SCHEDULES_DUE, '(' .. text(now), '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')[2]
    is_leader_called = tonumber(due) < tonumber(next or math.huge)
    call('ZADD', SCHEDULES_DUE, due, name)
  end
  return text(version) .. ' ' .. (ARGV[10] and append(ARGV, 10, 1, uniques) or '')
end

local reply = write()
wake_claimers()
keep_reply(client, number, floor, reply)
return { reply, moves }
