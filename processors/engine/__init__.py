"""The engine in its parts; `processors/workflow.py` is its face.

`telling` collects what happens, `walking` goes from step to step, `reading` asks for the deal, `answering`
takes results, `waking` timers, `answers` what people say of tasks, `correcting` what they want of runs,
`leaving` what the deal does meanwhile, and `noticing` sends mails nobody waits for.
"""
