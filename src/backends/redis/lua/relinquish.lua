#!lua flags=allow-oom
-- relinquish: hands back what a worker owns by the books and does not know of.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 worker, 5 how long a grant is kept (ms), 6 the tokens that it knows, as JSON
-- Returns { event, id, queue, detail, … }
-- Atomic since a job leaves its worker, its places come free and it is back in its queue at once.
--@include start
--@include telling
--@include envelope
--@include locks

local client, number, floor, worker = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if earlier_reply(client, number) then return moves end

local known, strays, freed = {}, {}, {}
for _, token in ipairs(cjson.decode(ARGV[6])) do known[token] = true end
local all = call('HGETALL', processing_key(worker))
for at = 1, #all, 2 do
  if not known[all[at + 1]] then strays[#strays + 1] = { all[at], tonumber(all[at + 1]), all[at + 1] } end
end
-- The latest claims first, each to the front: the earliest ends foremost.
table.sort(strays, function(a, b) return a[2] > b[2] end)
for _, stray in ipairs(strays) do
  local id = stray[1]
  call('HDEL', processing_key(worker), id)
  leave(id)
  free(id, freed)
  local line = line_of(id)
  if is_to_cancel(worker, id, stray[3]) then
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
keep_reply(client, number, floor, '')
return moves
