-- Puts new jobs into the books, at the backs of their queues or among the scheduled ones. `words` has from `first` on groups of jobs
-- with much in common: how many, queue, due ('' now, 'in MS', 'at INSTANT'), the envelope's line up to its queue, the line's end after
-- the sequence; then id and payload of each. count: of all jobs. uniques: what is needed for those that have a unique key, or nil.
-- Returns a text of one digit for each job: 1 enqueued, 0 its id is in the books already, or its key was taken: 2 kept, 3 replaced,
-- 4 extended, 5 rejected; then, where there was any of these, a space and [id, queue] of each other job, as JSON. The caller wakes the
-- claimers. needs: base.

--@include priority

-- Writes all of these or none, in one command: nearly always none of their ids is known. Whether it did.
local function write_all(ids, values)
  local pairs_of, seen = {}, {}
  for at, id in ipairs(ids) do
    -- Of two with one id the second would overwrite the first.
    if seen[id] then return false end
    seen[id] = true
    pairs_of[2 * at - 1], pairs_of[2 * at] = job_key(id), values[at]
  end
  return call('MSETNX', unpack(pairs_of)) == 1
end

local function append(words, first, count, uniques)
  -- Of the first; the counter is the number of the next.
  local sequence = call('INCRBY', SEQUENCE, count) - count
  local number = 0
  local results = {}
  -- What goes to the backs of lists, by queue; and by instant what is scheduled.
  local listed = {}

  -- Where jobs of a group go that are in the books now.
  local function place(ids, queue, due, priority, last)
    local instant = due == '' and 0 or instant_of(due)
    if instant > now then
      note_due(instant)
      for _, id in ipairs(ids) do call('ZADD', SCHEDULED, instant, id) end
      call('SADD', QUEUES, queue)
    elseif priority == 0 then
      local list = listed[queue] or {}
      listed[queue] = list
      for _, id in ipairs(ids) do list[#list + 1] = id end
    else
      -- At once, and not with the others: a later job of this call may replace it.
      for _, id in ipairs(ids) do call('ZADD', priority_key(queue), score_of(priority, last), id) end
      call('SADD', QUEUES, queue)
      arrived[queue] = true
    end
  end

  local function append_one(id, value, queue, due, priority)
    local unique = uniques and uniques.by_number[number]
    local result = unique and uniques.meet(id, due, unique) or '1'
    if result == '1' or result == '3' then
      if call('SET', job_key(id), value, 'NX') then
        if unique then uniques.take_key(unique[2], unique[3], id, queue, sequence + number - 1) end
        place({ id }, queue, due, priority, sequence + number - 1)
      else
        result = '0'
      end
    end
    results[number] = result
  end

  local at = first
  while number < count do
    local size, queue, due, line, line_end = unpack(words, at, at + 4)
    at = at + 5
    local priority = priority_in(line_end ~= ']' and cjson.decode('[0' .. line_end)[5] or nil)
    local head, tail = line .. ',' .. text(now) .. ',', line_end .. '\n'
    local ids, values = {}, {}
    for job = 1, tonumber(size) do
      ids[job] = words[at]
      values[job] = head .. text(sequence + number + job - 1) .. tail .. words[at + 1]
      at = at + 2
    end
    if #ids > 1 and #ids <= 1000 and not uniques and priority == 0 and write_all(ids, values) then
      for job = 1, #ids do results[number + job] = '1' end
      number = number + #ids
      place(ids, queue, due, 0)
    else
      for job, id in ipairs(ids) do
        number = number + 1
        append_one(id, values[job], queue, due, priority)
      end
    end
  end
  for queue, list in pairs(listed) do
    in_chunks('RPUSH', queue_key(queue), list)
    call('SADD', QUEUES, queue)
    arrived[queue] = true
  end
  local reply = table.concat(results)
  if not uniques then return reply end
  uniques.grant_freed()
  return #uniques.others > 0 and reply .. ' ' .. cjson.encode(uniques.others) or reply
end
