-- The token of the first job that is claimed, as text. It goes by the clock, and not by a counter alone: a server that has lost its
-- newest writes must give out none once more, and none that is less than those that it forgot. needs: clock. Reads: newest, the token
-- given out last, if any. Writes: first_token.
first_token = (not newest or #newest < #micros or newest < micros) and micros or string.format('%d', newest + 1)
