#!lua flags=allow-oom
-- retry-failed: moves failed jobs to the backs of their queues with a new set of attempts and without a deadline; what
-- failed before is kept.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, then the ids
-- Returns a text of one digit for each id: 1 retried, 2 no job has this id; 0 not a failed job, its envelope is damaged, or
--         another job stands for its unique key.
-- Atomic since a job must be in one place, and a repeat must not retry one that has failed again.
--@include start
--@include telling
--@include envelope
--@include enter
--@include unique

local client, number, floor = ARGV[1], ARGV[2], ARGV[3]
local earlier = earlier_reply(client, number)
if earlier then return earlier end

-- Takes the key of a job that is to be unique until it is done once more. Whether it is free.
local function retake_key(id, line)
  local unique = type(line[EXTRAS]) == 'table' and line[EXTRAS].unique
  if type(unique) ~= 'table' or unique['while'] ~= 'until done' or type(unique.key) ~= 'string' then return true end
  local name = line[TYPE] .. '\n' .. unique.key
  if standing(name) then return false end
  take_key(name, 'until done', id, line[QUEUE], line[SEQ])
  return true
end

-- Who asks for another try wants it, however late. A line without extras has its locks named by other numbers.
local function drop_deadline(line)
  local extras = line[EXTRAS]
  if type(extras) ~= 'table' or extras.deadline == nil then return end
  extras.deadline = nil
  if next(extras) ~= nil then return end
  line[EXTRAS] = nil
  if line[LOCKS] == 2 or line[LOCKS] == 3 then line[LOCKS] = line[LOCKS] - 2 end
end

local function retry(id)
  local value = call('GET', job_key(id))
  if not value then return '2' end
  local line, line_end = decode(value)
  if not line or not call('ZSCORE', FAILED, id) or not retake_key(id, line) then return '0' end
  call('ZREM', FAILED, id)
  line[ATTEMPTS], line[CRASHES] = 0, 0
  drop_deadline(line)
  rewrite(id, value, line, line_end)
  call('SADD', RETRIED, id)
  to_back(id, line)
  return '1'
end

local results = {}
for at = 4, #ARGV do results[#results + 1] = retry(ARGV[at]) end
wake_claimers()

local reply = table.concat(results)
keep_reply(client, number, floor, reply)
return reply
