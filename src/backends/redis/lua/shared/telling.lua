-- Telling those who watch a job that something has happened to it. needs: base.

-- Whether any job has something beside its envelope: watchers, progress, failures of an earlier life. Looked up once for all
-- three, as there mostly are none.
local aside_exist
local function are_aside()
  if aside_exist == nil then aside_exist = call('EXISTS', WATCHED, PROGRESS, RETRIED) > 0 end
  return aside_exist
end

local watched_exist
local function are_watched()
  if watched_exist == nil then watched_exist = are_aside() and call('EXISTS', WATCHED) == 1 end
  return watched_exist
end

-- Tells the watchers of a job; those who asked for its end alone only of that. Whether anybody watches it.
local function tell(id, has_ended)
  if not are_watched() then return false end
  local watchers = call('ZRANGE', watchers_key(id), '(' .. now, '+inf', 'BYSCORE')
  for _, member in ipairs(watchers) do
    if has_ended or sub(member, 1, 1) == '+' then
      local watcher = sub(member, 2)
      call('SADD', news_key(watcher), id)
      call('PEXPIRE', news_key(watcher), WATCH_LEASE)
      if call('EXISTS', told_key(watcher)) == 0 then
        call('RPUSH', told_key(watcher), '1')
        call('PEXPIRE', told_key(watcher), WATCH_LEASE)
      end
    end
  end
  return #watchers > 0
end

-- Tells of a job that is about to be removed, and keeps how it ended for as long as one who watched it may ask.
local function tell_end(id, state)
  if not are_watched() then return end
  if not tell(id, true) then
    -- Of an earlier job with this id.
    call('DEL', ended_key(id))
    return
  end
  call('HSET', ended_key(id), 'state', state, 'job', call('GET', job_key(id)) or '', 'progress', call('HGET', PROGRESS, id) or '')
  call('PEXPIRE', ended_key(id), WATCH_LEASE)
  -- As long as the record, so that the end of a later job with this id finds it.
  call('PEXPIRE', WATCHED, WATCH_LEASE)
  call('DEL', watchers_key(id))
end

-- The same for many jobs, of which mostly nobody watches any: calls `command` with what `key_of` makes of each.
local function of_all(command, key_of, ids, first)
  local keys = {}
  for at = first, math.min(first + 999, #ids) do keys[#keys + 1] = key_of(ids[at]) end
  return call(command, unpack(keys))
end

local function tell_all(ids)
  if not are_watched() then return end
  for first = 1, #ids, 1000 do
    if of_all('EXISTS', watchers_key, ids, first) > 0 then
      for at = first, math.min(first + 999, #ids) do tell(ids[at], false) end
    end
  end
end

local function tell_ends(ids, state)
  if not are_watched() then return end
  for first = 1, #ids, 1000 do
    if of_all('EXISTS', watchers_key, ids, first) > 0 then
      for at = first, math.min(first + 999, #ids) do tell_end(ids[at], state) end
    else
      of_all('DEL', ended_key, ids, first)
    end
  end
end
