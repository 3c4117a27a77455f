"""How is a workbook compiled quickly and yet in a cage?

    client    in our process: starts the compiler, hands it a job, reads the answer
    server    the compiler: a process that has imported pyxform and forks a child for each job
    job       in the child: sets the limits, compiles, answers as JSON
    review    in the child: what pyxform drops without a word
    columns   the columns that pyxform reads

The client passes one end of a fresh socket pair with each job, so that a child reads its workbook from the
client and answers to it directly, and several threads or processes may share one compiler.
"""
