#!lua flags=allow-oom
-- relinquish: hands back what a worker owns by the books and does not know of.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 worker, 5 how long a grant is kept (ms), 6 the tokens that it knows, as JSON,
--       7 how many jobs at most
-- Returns { { event, id, queue, detail, … }, 1 when there are more }
-- Atomic since a job leaves its worker, its places come free and it is back in its queue at once.
--@include start
--@include telling
--@include envelope
--@include locks
--@include owned

local client, number, floor, worker = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local earlier = earlier_reply(client, number)
if earlier then return { moves, tonumber(earlier) } end

local known, strays, freed = {}, {}, {}
for _, token in ipairs(cjson.decode(ARGV[6])) do known[token] = true end
local tokens, ids = owned_by(worker, math.huge)
for _, token in ipairs(tokens) do
  if not known[text(token)] then strays[#strays + 1] = token end
end
-- The latest claims first, each to the front: the earliest ends foremost.
local limit = tonumber(ARGV[7])
for at = #strays, math.max(1, #strays - limit + 1), -1 do
  local id, token = ids[strays[at]], text(strays[at])
  call('HDEL', processing_key(worker), id)
  leave(id)
  free(id, freed)
  local line = line_of(id)
  if is_to_cancel(worker, id, token) then
    erase(id, 'cancelled')
    move('cancelled', id, line and line[QUEUE] or '', worker)
  elseif line then
    requeue(id, line, freed)
    move('reclaimed', id, line[QUEUE], worker)
  else
    bury_job(id, '', 'its stored envelope is damaged')
  end
end
grant_all(freed, tonumber(ARGV[5]))
wake_claimers()
local has_more = #strays > limit and 1 or 0
keep_reply(client, number, floor, text(has_more))
return { moves, has_more }
