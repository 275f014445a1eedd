#!lua flags=allow-oom
-- lock: takes all locks of a claimed job, or holds it for the first that is full.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 worker, 5 how long a grant is kept (ms), 6 id, 7 token,
--       8 locks to put into the envelope, as JSON, or ''
-- Returns { 'none' | 'locked' | 'held' | 'stale', { event, id, queue, detail, … } }
-- Atomic since a held job must leave its worker in the step in which it starts to wait.
--@include start
--@include telling
--@include envelope
--@include locks

local client, number, floor, worker = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local grant_timeout, id, token = tonumber(ARGV[5]), ARGV[6], ARGV[7]
local earlier = earlier_reply(client, number)
if earlier then return { earlier, moves } end

local function lock()
  if call('HGET', processing_key(worker), id) ~= token then return 'stale' end
  local value = call('GET', job_key(id))
  local line, line_end = decode(value)
  if not line then return 'none' end
  if ARGV[8] ~= '' then
    line[LOCKS] = cjson.decode(ARGV[8])
    if #line[LOCKS] == 0 then line[LOCKS] = line[EXTRAS] and 2 or 0 end
    rewrite(id, value, line, line_end)
  end
  local locks = locks_of(line)
  if #locks == 0 then return 'none' end
  local full = first_full(id, locks)
  if not full then
    take(id, locks, token)
    grant_all({}, grant_timeout)
    return 'locked'
  end
  local freed = {}
  free(id, freed)
  call('HDEL', processing_key(worker), id)
  leave(id)
  if is_to_cancel(worker, id, token) then
    erase(id, 'cancelled')
    move('cancelled', id, line[QUEUE], worker)
    grant_all(freed, grant_timeout)
    return 'stale'
  end
  hold(id, line, full)
  move('held', id, line[QUEUE], full)
  grant_all(freed, grant_timeout)
  return 'held'
end

local state = lock()
wake_claimers()
keep_reply(client, number, floor, state)
return { state, moves }
