-- The next of tokens that follow each other: to make each of its number takes longer than a command adds for a job. Reads: DIGITS.
-- Reads and writes: prefix, all but the last two digits of the token before, and place, its place in DIGITS. Writes: token.
place = place + 1
if place > 100 then prefix, place = string.format('%d', prefix + 1), 1 end
token = prefix .. DIGITS[place]
