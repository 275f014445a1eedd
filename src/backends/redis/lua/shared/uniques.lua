-- What only unique jobs need is made where there is one: to make it all takes half as long as to enqueue a job. needs: base.
-- Reads: uniques_given ('' or a list as JSON, with [number of the job, its unique key with its type, for how long it takes that,
-- what it does where another has it]), grant_timeout.
local uniques
if uniques_given ~= '' then
  --@include telling
  --@include envelope
  --@include locks
  --@include unique
  --@include cancel
  --@include meet
  local by_number = {}
  for _, unique in ipairs(cjson.decode(uniques_given)) do by_number[unique[1]] = unique end
  local function grant_freed() grant_all(freed, grant_timeout) end
  uniques = { by_number = by_number, others = others, meet = meet, take_key = take_key, grant_freed = grant_freed }
end
