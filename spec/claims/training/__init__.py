"""Training: putting the pieces together, and knowing that it worked.

The documents come back to one example in every section: a network with one hidden layer that learns random numbers by
heart. Each section writes it with other tools, and each time the loss falls. This chapter asks whether these programs
are one program, why they learn, and in which order the parts of a step must run.

Around the loop stand the things that every training script needs. A scheduler lowers the learning rate. A flag tells
dropout and batch norm whether the network is trained or used. A seed makes the run repeatable, and a log says how it
went.
"""

SECTIONS = ["example", "learning", "steps", "schedules", "rules", "modes", "batchnorm", "seeds", "logs", "scripts"]
