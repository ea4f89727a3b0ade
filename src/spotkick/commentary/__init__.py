"""Commentary: reading and making transcripts, and features of what is said.

Rows, each of which imports only from those below it::

    features  fitting  speech
    training
    training_data  network
    ensemble  tfidf  token_model
    inference  descriptions
    tokenizer  transcript_files  sound
    whisper_json  subtitles  novelty
    pieces
    transcripts
"""
