"""Commentary: reading and making transcripts, and features of what is said.

Rows, each of which imports only from those below it::

    features  fitting  speech
    training
    training_data  network
    ensemble  tfidf  token_model  sentences
    inference  descriptions  sentence_encoder
    tokenizer  transcript_files  sound
    whisper_json  subtitles  novelty
    pieces
    transcripts
"""
