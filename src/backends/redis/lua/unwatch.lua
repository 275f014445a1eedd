#!lua flags=allow-oom
-- unwatch: a watcher wants to be told of some jobs no more.
-- KEYS  1 the sequence
-- ARGV  1 watcher, then the ids
-- Returns 1. Atomic since what was to be told goes with the wish to be told.
--@include start

local watcher = ARGV[1]
for at = 2, #ARGV do
  call('ZREM', watchers_key(ARGV[at]), '+' .. watcher, '-' .. watcher)
  call('SREM', news_key(watcher), ARGV[at])
end
return 1
