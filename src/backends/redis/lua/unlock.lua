#!lua flags=allow-oom
-- unlock: frees the places that a claimed job has, and grants them.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 worker, 5 how long a grant is kept (ms), 6 id, 7 token
-- Returns { places freed, { event, id, queue, detail, … } }
-- Atomic since a place must not be free without being offered to those who wait for it.
--@include start
--@include telling
--@include envelope
--@include locks

local client, number, floor, worker = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local earlier = earlier_reply(client, number)
if earlier then return { tonumber(earlier), moves } end

local freed = {}
if call('HGET', processing_key(worker), ARGV[6]) == ARGV[7] then
  free(ARGV[6], freed)
end
grant_all(freed, tonumber(ARGV[5]))
wake_claimers()
keep_reply(client, number, floor, text(#freed))
return { #freed, moves }
