-- Unique keys, each of one job type. needs: base, envelope.
-- A record tells until when it holds ('-' where the key is its job's own, for as long as it waits or until it is done), the job's
-- sequence, its id and its queue. One that is a job's own counts only while the job is in the books and says the same.

-- Who has a key now: id, queue, sequence, and until when as text or nil. nil where nobody has.
local function standing(name)
  local ends, sequence, id, queue = string.match(call('GET', unique_key(name)) or '', '^(%S+) (%d+) (%S+) (.*)$')
  if not ends then return nil end
  if ends ~= '-' then
    if (tonumber(ends) or 0) > now then return id, queue, sequence, ends end
  elseif call('HGET', UNIQUES, id) == name and call('EXISTS', job_key(id)) == 1 then
    return id, queue, sequence
  end
  return nil
end

-- Takes a key for a job, whoever had it: 'waiting', 'until done', or for so many milliseconds.
local function take_key(name, taken, id, queue, sequence)
  local job = ' ' .. text(sequence) .. ' ' .. id .. ' ' .. queue
  if type(taken) == 'number' then
    -- Redis drops it a moment after the time is up, and then by and by: the record says when it is.
    call('SET', unique_key(name), text(now + taken) .. job, 'PXAT', text(now + taken))
  else
    call('SET', unique_key(name), '-' .. job)
    call('HSET', UNIQUES, id, name)
    uniques_exist = true
  end
end
