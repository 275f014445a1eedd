-- Puts new jobs into the books, at the backs of their queues or among the scheduled ones. ARGV has for each job, from `first`
-- on: id, queue, due ('' now, 'in MS', 'at INSTANT'), the envelope's line up to its queue, the line's end after the sequence,
-- the payload. uniques: what is needed for those that have a unique key, or nil. Returns a text of one digit for each job: 1
-- enqueued, 0 its id is in the books already, or its key was taken: 2 kept, 3 replaced, 4 extended, 5 rejected; then, where there
-- was any of these, a space and [id, queue] of each other job, as JSON. The caller wakes the claimers. needs: start.

--@include priority

-- The extras in a line's end; most jobs have none, and it ends at once.
local function extras_in(line_end)
  return line_end ~= ']' and cjson.decode('[0' .. line_end)[5] or nil
end

local function append(first, count, uniques)
  local sequence = call('INCRBY', SEQUENCE, count) - count
  local results, ids = {}, {}
  for job = 1, count do
    local at = first + 6 * (job - 1)
    local id, queue, due, line, line_end, payload = unpack(ARGV, at, at + 5)
    local priority = priority_in(extras_in(line_end))
    local unique = uniques and uniques.by_number[job]
    local result = unique and uniques.meet(id, due, unique) or '1'
    if result == '1' or result == '3' then
      local value = line .. ',' .. text(now) .. ',' .. text(sequence + job) .. line_end .. '\n' .. payload
      if call('SET', job_key(id), value, 'NX') then
        if unique then uniques.take_key(unique[2], unique[3], id, queue, sequence + job) end
        local instant = due == '' and 0 or instant_of(due)
        if instant > now then
          schedule(id, instant)
          call('SADD', QUEUES, queue)
        elseif priority == 0 then
          local list = ids[queue] or {}
          ids[queue] = list
          list[#list + 1] = id
        else
          -- At once, and not with the others: a later job of this call may replace it.
          call('ZADD', priority_key(queue), score_of(priority, sequence + job), id)
          call('SADD', QUEUES, queue)
          arrived[queue] = true
        end
      else
        result = '0'
      end
    end
    results[job] = result
  end
  for queue, list in pairs(ids) do
    in_chunks('RPUSH', queue_key(queue), list)
    call('SADD', QUEUES, queue)
    arrived[queue] = true
  end
  local reply = table.concat(results)
  if not uniques then return reply end
  uniques.grant_freed()
  return #uniques.others > 0 and reply .. ' ' .. cjson.encode(uniques.others) or reply
end
