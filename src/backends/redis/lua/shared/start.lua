-- What scripts start with that may change what a claim must look at. Whoever found all calm looks for himself again.
--@include base

call('INCR', DISTURBANCES)
