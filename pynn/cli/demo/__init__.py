"""`pynn demo`: a page on this machine on which a person draws digits, and watches a network train.

command.py     the command: weights, the socket, the browser, the end
server.py      the routes
guard.py       what every request must be: of this page, of this machine, small
network.py     a drawing -> what the network sees, its answer, its strongest units, the times of the rungs
training.py    the training under way, in a process of its own
live.py        that process: `pynn train`, watched and held
static/        the page
"""
