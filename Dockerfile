# ResNet Lab in a container:
#   docker build -t resnet-lab .
#   docker run --rm -p 127.0.0.1:8501:8501 -v resnet-lab:/data resnet-lab
FROM python:3.12-slim

# A killed worker has to be reaped by somebody: tini is the first process.
RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*

WORKDIR /lab
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app app
COPY assets assets
COPY resnet_core resnet_core

RUN useradd --create-home lab && mkdir /data && chown lab /data
USER lab
ENV RESNET_LAB_STORE=/data/store RESNET_LAB_DATA=/data/images PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8501

# Inside a container 127.0.0.1 is nobody: who may reach the port is decided by `docker run -p`.
ENTRYPOINT ["tini", "--"]
CMD ["python", "-m", "streamlit", "run", "app/server.py", "--server.address=0.0.0.0", "--server.headless=true"]
