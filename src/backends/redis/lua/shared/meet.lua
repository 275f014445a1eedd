-- What becomes of a job whose unique key may be taken. needs: base, envelope, locks, unique, cancel.
-- `others` are those that stood, or stand; `freed` the lock keys that jobs which were replaced have left.
local others, freed = {}, {}

-- One that is replaced mostly came a moment ago: at so many entries at the end of its list is looked.
local LAST_ENTRIES = 100

-- The line of the job that has a key, unless it left the books before its time was up.
local function line_of_holder(id, of)
  local line = call('EXISTS', job_key(id)) == 1 and line_of(id)
  return line and text(line[SEQ]) == of and line or nil
end

local function replace(id, line)
  if not line then return false end
  -- Who owns it is a question to each worker. Those that are replaced are mostly scheduled, and so nobody's.
  if not call('ZSCORE', SCHEDULED, id) and (owner_of(id) or ended_as(id, line)) then return false end
  remove_waiting(id, line, freed, LAST_ENTRIES)
  return true
end

-- Puts off the job that has a key, and gives it the key for longer, where either is later than it was.
local function extend(name, taken, due, id, line, queue, of, ends)
  local was = line and call('ZSCORE', SCHEDULED, id)
  local is_put_off = was and due > tonumber(was)
  if is_put_off then call('ZADD', SCHEDULED, due, id) end
  local is_longer = ends and type(taken) == 'number' and now + taken > tonumber(ends)
  if is_longer then take_key(name, taken, id, queue, of) end
  return is_put_off or is_longer
end

-- The digit of a job whose key may be taken; '1' where it is to be enqueued, '3' where it is in the stead of another.
-- due: '' now, 'in MS', 'at INSTANT'. unique: a number, the key with its type, for how long it is taken, what to do.
local function meet(id, due, unique)
  if call('EXISTS', job_key(id)) == 1 then return '0' end
  local _, name, taken, on_conflict = unpack(unique)
  local other, queue, of, ends = standing(name)
  if not other then return '1' end
  if other == id then return '0' end
  others[#others + 1] = { other, queue }
  if on_conflict == 'reject' then return '5' end
  if on_conflict == 'keep' then return '2' end
  local line = line_of_holder(other, of)
  if on_conflict == 'replace' then return replace(other, line) and '3' or '2' end
  local instant = due == '' and now or instant_of(due)
  return extend(name, taken, instant, other, line, queue, of, ends) and '4' or '2'
end
