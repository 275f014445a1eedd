-- The stored envelope: a line of JSON, then the payload, which no script ever parses (it may be large, and Lua would damage
-- its numbers). The line is [locks, type, queue, enqueued at, sequence, attempts, crashes, foreign, extras]; zeros at its end
-- may be missing. locks: 0 none, 1 not known, or a list of [key, concurrency] sorted by key, of a rate [key, burst, ms from one
-- to the next]; 2 none and 3 not known where there are extras, so that whoever is in a hurry knows by the first number that
-- nothing else needs to be looked at. foreign: 1 where the payload is a whole envelope that another program pushed. extras: an
-- object, or left out.
local LOCKS, TYPE, QUEUE, SEQ, ATTEMPTS, CRASHES, EXTRAS = 1, 2, 3, 5, 6, 7, 9
local NO_LOCKS = {}

local function are_locks(locks)
  if type(locks) == 'number' then return true end
  if type(locks) ~= 'table' then return false end
  for _, lock in ipairs(locks) do
    if type(lock) ~= 'table' or type(lock[1]) ~= 'string' or type(lock[2]) ~= 'number' then return false end
    if lock[3] ~= nil and type(lock[3]) ~= 'number' then return false end
  end
  return true
end

-- Returns the line as a table, and where it ends; nil where it is damaged.
local function decode(value)
  local line_end = value and find(value, '\n', 1, true)
  if not line_end then return nil end
  local ok, line = pcall(cjson.decode, sub(value, 1, line_end - 1))
  if not ok or type(line) ~= 'table' or not are_locks(line[LOCKS]) then return nil end
  if type(line[TYPE]) ~= 'string' or type(line[QUEUE]) ~= 'string' or type(line[SEQ]) ~= 'number' then return nil end
  return line, line_end
end

local function locks_of(line)
  return type(line[LOCKS]) == 'table' and line[LOCKS] or NO_LOCKS
end

-- A job with one lock, which is no rate, and nothing else, as most have that have any, read without making tables of its line: its lock
-- as it is written down, the key of that, its limit, the queue and the sequence as text. nil for any other.
local function only_lock(value)
  return match(value, '^%[(%[%["([^"\\]*)",(%d+)%]%]),"[^"\\]*","([^"\\]*)",%d+,(%d+)%]\n')
end

-- The line of a stored job without reading a large payload.
local function line_of(id)
  local start = call('GETRANGE', job_key(id), 0, 511)
  if find(start, '\n', 1, true) then return (decode(start)) end
  return (decode(call('GET', job_key(id))))
end

-- Stores a changed line before the same payload.
local function rewrite(id, value, line, line_end)
  line[ATTEMPTS], line[CRASHES] = line[ATTEMPTS] or 0, line[CRASHES] or 0
  call('SET', job_key(id), cjson.encode(line) .. sub(value, line_end))
end

-- Writes a job's line with no crash counted, where there was one.
local function forget_crashes(id, line)
  if (line[CRASHES] or 0) == 0 then return end
  local value = call('GET', job_key(id))
  local _, line_end = decode(value)
  line[CRASHES] = 0
  rewrite(id, value, line, line_end)
end

-- Keeps what went wrong in an attempt, the newest ones only.
local function keep_failure(id, failure)
  call('RPUSH', failures_key(id), text(now) .. ' ' .. failure)
  call('LTRIM', failures_key(id), -KEPT_ATTEMPTS, -1)
end

-- Whether any job has a unique key of its own; looked up once.
local uniques_exist

-- Frees the unique key that a job has of its own. It is not looked for in the envelope, so that one which is damaged cannot
-- keep a key.
local function free_key(id)
  if uniques_exist == nil then uniques_exist = call('EXISTS', UNIQUES) == 1 end
  local name = uniques_exist and call('HGET', UNIQUES, id)
  if not name then return end
  call('HDEL', UNIQUES, id)
  local holder = string.match(call('GET', unique_key(name)) or '', '^%- %d+ (%S+) ')
  if holder == id then call('DEL', unique_key(name)) end
end

-- A job that has extras is claimed, which ends what holds while it waits.
local function begin(id, extras)
  local unique = type(extras) == 'table' and extras.unique
  if type(unique) == 'table' and unique['while'] == 'waiting' then free_key(id) end
end

-- Removes a job and all that is kept with it, and tells its watchers how it ended; the lists that it stands in are the
-- caller's.
local function erase(id, state)
  tell_end(id, state)
  call('DEL', job_key(id), failures_key(id), result_key(id))
  if are_aside() then
    call('SREM', RETRIED, id)
    call('HDEL', PROGRESS, id)
  end
  free_key(id)
end

-- Whether the run of this token is to be cancelled.
local function is_to_cancel(worker, id, token)
  return call('HGET', cancels_key(worker), id) == token
end

-- Keeps what is no job among the dead letters, byte for byte.
local function bury(queue, reason, raw)
  call('RPUSH', DEAD, cjson.encode({ queue, reason, now }) .. '\n' .. raw)
end

-- A job leaves its worker: in a queue with a limit, its seat is free, and somebody may claim the next.
local seats_exist
local function leave(id)
  if seats_exist == nil then seats_exist = call('EXISTS', SEATS) == 1 end
  local queue = seats_exist and call('HGET', SEATS, id)
  if not queue then return end
  call('HDEL', SEATS, id)
  if call('HINCRBY', SEATED, queue, -1) == 0 then call('HDEL', SEATED, queue) end
  arrived[queue] = true
end

-- Buries a job whose stored form is damaged.
local function bury_job(id, queue, reason)
  local raw = call('GET', job_key(id))
  bury(queue, reason, raw or id)
  erase(id, 'dead')
  move('dead', id, queue, reason)
end
