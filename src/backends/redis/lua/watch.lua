#!lua flags=allow-oom
-- watch: how jobs stand, and that a watcher is told of what happens to them from now on.
-- KEYS  1 the sequence
-- ARGV  1 watcher, then for each job: id, '+' for every change or '-' for its end alone
-- Returns for each job, flat: state ('' for one that is not known), progress, result, last failure; '' for what it has not.
-- Atomic since nothing may happen to a job between the look and the watch that nobody is told of.
--@include start
--@include telling
--@include envelope
--@include place

local watcher = ARGV[1]
local ids = {}
for at = 2, #ARGV, 2 do ids[#ids + 1] = ARGV[at] end

local is_running = {}
for _, worker in ipairs(call('ZRANGE', WORKERS, 0, -1)) do
  for at, token in ipairs(call('HMGET', processing_key(worker), unpack(ids))) do
    if token then is_running[ids[at]] = true end
  end
end

local function state_of(id)
  if is_running[id] then return 'processing' end
  if call('EXISTS', job_key(id)) == 0 then return '' end
  return (place_of(id, line_of(id)))
end

local ENDS = { completed = true, failed = true, cancelled = true, dead = true, discarded = true }

local function watch(id, what)
  local key = watchers_key(id)
  call('ZREM', key, (what == '+' and '-' or '+') .. watcher)
  call('ZREMRANGEBYSCORE', key, '-inf', now)
  if call('ZCARD', key) >= MOST_WATCHERS and not call('ZSCORE', key, what .. watcher) then return end
  call('ZADD', key, now + WATCH_LEASE, what .. watcher)
  call('PEXPIRE', key, WATCH_LEASE)
  call('SET', WATCHED, '1', 'PX', WATCH_LEASE)
end

local standings = {}
for at, id in ipairs(ids) do
  local state, progress, result, failure = state_of(id), call('HGET', PROGRESS, id) or '', '', ''
  if state == 'completed' then
    result = call('GET', result_key(id)) or ''
  elseif state == 'failed' then
    failure = call('LINDEX', failures_key(id), -1) or ''
  elseif state == '' then
    local ended = call('HMGET', ended_key(id), 'state', 'progress')
    if ended[1] then state, progress = ended[1], ended[2] end
  end
  if ENDS[state] then call('ZREM', watchers_key(id), '+' .. watcher, '-' .. watcher) else watch(id, ARGV[2 * at + 1]) end
  call('SREM', news_key(watcher), id)
  local last = #standings
  standings[last + 1], standings[last + 2], standings[last + 3], standings[last + 4] = state, progress, result, failure
end
return standings
