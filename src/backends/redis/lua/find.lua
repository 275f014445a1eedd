#!lua flags=no-writes
-- find: where a job is and what is known of it. Changes nothing.
-- KEYS  1 the sequence
-- ARGV  1 id
-- Returns false, or { envelope, state, detail, second detail, failures, progress, result }; the details: worker and token for
-- processing, for all else that of shared/place; progress and result are '' where there is none.
-- Atomic since the parts of the answer must belong together. Looks at each worker, never at a queue.
--@include base
--@include telling
--@include envelope
--@include place

local id = ARGV[1]
local value = call('GET', job_key(id))
if not value then return false end
local failures = call('LRANGE', failures_key(id), 0, -1)
local progress = call('HGET', PROGRESS, id) or ''

for _, worker in ipairs(call('ZRANGE', WORKERS, 0, -1)) do
  local token = call('HGET', processing_key(worker), id)
  if token then return { value, 'processing', worker, token, failures, progress, '' } end
end
local state, detail = place_of(id, (decode(value)))
local result = state == 'completed' and call('GET', result_key(id)) or ''
return { value, state, detail, '', failures, progress, result }
